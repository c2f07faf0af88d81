'use strict';
const { Readable } = require('stream');
const multer = require('multer');

const upload = multer({ storage: multer.memoryStorage() }).array('photos');

function form(names) {
  const parts = names.map((n, i) => `--cut\r\nContent-Disposition: form-data; name="${n}"; filename="${i}.txt"\r\n\r\nx\r\n`);
  return Buffer.from(parts.join('') + '--cut--\r\n');
}

function handle(body) {
  const req = Object.assign(Readable.from([body]), {
    method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=cut', 'content-length': String(body.length) }
  });
  return new Promise((done) => upload(req, {}, (err) => done(err ? `400 ${err.code}` : `200 ${req.files.length} files`)));
}

handle(form(['photos', 'photos']))
  .then((said) => { console.log(said); return handle(form([...Array(8000).fill('photos'), 'thumbs'])); })
  .then((said) => console.log(said));
