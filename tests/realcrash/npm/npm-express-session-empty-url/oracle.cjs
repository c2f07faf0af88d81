'use strict';
const http = require('http');
const session = require('express-session');
function fail(what) { console.log('wrong: ' + what); process.exit(1); }
process.on('uncaughtException', (e) => fail('throws ' + e));
const turns = async (n) => { for (let i = 0; i < n; i++) await new Promise((go) => setImmediate(go)); };

// sends one request through the middleware: has it a session, what was in it, which cookie came back?
function send(use, props, put) {
  return new Promise((done) => {
    const req = Object.assign(new http.IncomingMessage(null), { method: 'GET' }, props);
    const res = new http.ServerResponse(req);
    const timer = setTimeout(() => done({ session: 'never called on' }), 5000);
    use(req, res, (err) => {
      if (err) fail('error ' + err);
      const got = { session: !!req.session, user: req.session && req.session.user };
      if (req.session && put) req.session.user = put;
      res.end('ok');
      turns(30).then(() => {
        clearTimeout(timer);
        got.cookie = String(res.getHeader('set-cookie') || '').split(';')[0];
        done(got);
      });
    });
  });
}
const make = (cookie) => session({ secret: 'k3y', resave: false, saveUninitialized: false, cookie });
async function same(label, path, props, want) {
  const got = await send(make(path ? { path } : undefined), props);
  if (got.session !== want) fail(`${label}: session ${got.session}, want ${want}`);
}
(async () => {
  await same('empty URL', null, { url: '' }, true);
  await same('empty URL, cookie for /admin', '/admin', { url: '' }, false);
  await same('query only', null, { url: '?page=2' }, true);
  await same('query only, cookie for /admin', '/admin', { url: '?page=2' }, false);
  await same('empty original URL', null, { url: '/x', originalUrl: '' }, true);
  await same('empty original URL, cookie for /x', '/x', { url: '/x', originalUrl: '' }, false);
  await same('empty URL, original one within', '/shop', { url: '', originalUrl: '/shop' }, true);
  await same('empty URL, original one elsewhere', '/shop', { url: '', originalUrl: '/blog' }, false);
  await same('root', null, { url: '/' }, true);
  await same('path within', '/shop', { url: '/shop/cart?x=1' }, true);
  await same('path elsewhere', '/shop', { url: '/blog' }, false);
  const use = make();
  const first = await send(use, { url: '' }, 'ann');
  if (!first.cookie.startsWith('connect.sid=')) fail(`empty URL: cookie ${first.cookie}`);
  for (const url of ['', '/', '/cart']) {
    const next = await send(use, { url, headers: { cookie: first.cookie } });
    if (next.user !== 'ann') fail(`session read at ${JSON.stringify(url)}: user ${next.user}, want ann`);
  }
  const none = await send(make(), { url: '' });
  if (none.cookie !== '') fail(`an untouched session sets ${none.cookie}`);
  process.exit(0);
})();
