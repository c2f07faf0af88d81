'use strict';
const { Readable } = require('stream');
const multer = require('multer');
function fail(what) { console.log('wrong: ' + what); process.exit(1); }
process.on('uncaughtException', (e) => fail('throws ' + e));
const turns = async (n) => { for (let i = 0; i < n; i++) await new Promise((go) => setImmediate(go)); };

// uploads files of these field names; `remove` says how the store removes number i
function send(names, remove) {
  const removed = [];
  const storage = {
    _handleFile(req, file, cb) { file.stream.resume(); file.stream.on('end', () => cb(null, { n: Number(file.originalname) })); },
    _removeFile(req, file, cb) { remove(file.n, (err) => { removed.push(file.n); cb(err); }); }
  };
  const parts = names.map((n, i) => `--cut\r\nContent-Disposition: form-data; name="${n}"; filename="${i}"\r\n\r\nx\r\n`);
  const body = Buffer.from(parts.join('') + '--cut--\r\n');
  const req = Object.assign(Readable.from([body]), { method: 'POST', headers: { 'content-type': 'multipart/form-data; boundary=cut', 'content-length': String(body.length) } });
  return new Promise((done) => {
    let calls = 0;
    const timer = setTimeout(() => fail(`${names.length} files: no answer`), 20000);
    multer({ storage }).array('a')(req, {}, (err) => {
      clearTimeout(timer);
      if (++calls > 1) fail('called back twice');
      turns(50).then(() => done({ code: err && err.code, errors: err && err.storageErrors, removed, files: req.files && req.files.length }));
    });
  });
}
function same(label, got, want) {
  const [g, w] = [got, want].map((v) => JSON.stringify(v));
  if (g !== w) fail(`${label}: got ${g}, want ${w}`);
}
const a = (n, ...more) => [...Array(n).fill('a'), ...more];
const sorted = (list) => list.slice().sort((x, y) => x - y);
const range = (n) => [...Array(n).keys()];
const now = (i, cb) => cb(null);
const later = (i, cb) => setImmediate(cb, null);
(async () => {
  for (const n of [6000, 15000]) {
    const got = await send(a(n, 'b'), now);
    same(`${n} files: answer`, [got.code, got.errors.length], ['LIMIT_UNEXPECTED_FILE', 0]);
    if (JSON.stringify(sorted(got.removed)) !== JSON.stringify(range(n))) fail(`${n} files: removed ${got.removed.length} of ${n}`);
  }
  let got = await send(a(6000, 'b'), (i, cb) => cb(i % 3000 === 7 ? new Error('disk ' + i) : null));
  same('many files, two cannot be removed', got.errors.map((e) => [e.message, e.field, e.file.n]), [['disk 7', 'a', 7], ['disk 3007', 'a', 3007]]);
  same('many files, two cannot be removed: all were tried', sorted(got.removed).length, 6000);
  got = await send(a(3000, 'b'), later);
  same('many files, removed later', [got.code, got.removed.length], ['LIMIT_UNEXPECTED_FILE', 3000]);
  got = await send(a(3, 'b'), now);
  same('three files', [got.code, got.removed, got.errors], ['LIMIT_UNEXPECTED_FILE', [0, 1, 2], []]);
  got = await send(a(3, 'b'), later);
  same('three files, removed later', [got.code, got.removed, got.errors], ['LIMIT_UNEXPECTED_FILE', [0, 1, 2], []]);
  got = await send(a(2, 'b'), (i, cb) => setImmediate(cb, new Error('disk ' + i)));
  same('two files, none can be removed', [got.removed, got.errors.map((e) => e.message)], [[0, 1], ['disk 0', 'disk 1']]);
  got = await send(['b'], now);
  same('no file before', [got.code, got.removed, got.errors], ['LIMIT_UNEXPECTED_FILE', [], []]);
  got = await send(a(3000), now);
  same('many good files', [got.code, got.files, got.removed], [undefined, 3000, []]);
  process.exit(0);
})();
