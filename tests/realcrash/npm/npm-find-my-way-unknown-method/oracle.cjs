'use strict';
const findMyWay = require('find-my-way');
function router(...routes) {
  const r = findMyWay({ defaultRoute(req) { req.got = 'default'; } });
  for (const [method, path] of routes) r.on(method, path, (req, res, params) => { req.got = `${[].concat(method)[0]} ${path} ${JSON.stringify(params)}`; });
  return r;
}
function same(label, r, method, url, want) {
  const req = { method, url };
  try { r.lookup(req, {}); } catch (e) { req.got = 'throws ' + e; }
  if (req.got !== want) { console.log(`wrong: ${label}: got ${req.got}, want ${want}`); process.exit(1); }
  const found = r.find(method, url.split('?')[0]);
  if ((found === null) !== (want === 'default')) { console.log(`wrong: ${label}: find gives ${found}`); process.exit(1); }
}
const r = router(['GET', '/'], ['GET', '/a'], ['POST', '/a'], ['GET', '/a/b'], ['GET', '/u/:id'], ['GET', '/f/*'], ['GET', '/v/:x-:y'], ['GET', '/n/:d(^\\d+$)']);
same('static', r, 'LIST', '/a', 'default');
same('root', r, 'LIST', '/', 'default');
same('below', r, 'LIST', '/a/b', 'default');
same('parameter', r, 'LIST', '/u/7', 'default');
same('wildcard', r, 'LIST', '/f/x/y', 'default');
same('two parameters', r, 'LIST', '/v/1-2', 'default');
same('pattern', r, 'LIST', '/n/12', 'default');
same('no such path', r, 'LIST', '/zzz', 'default');
same('small letters', r, 'get', '/a', 'default');
same('query', r, 'LIST', '/a?x=1', 'default');
same('every path', router([['GET', 'POST'], '*']), 'LIST', '/any', 'default');
same('wildcard beside a static route', router(['GET', '/s/*'], ['POST', '/s/a']), 'LIST', '/s/a', 'default');
same('known method without a route', r, 'PUT', '/a', 'default');
same('known method without a route, wildcard', r, 'PUT', '/f/x', 'default');
same('get', r, 'GET', '/a', 'GET /a {}');
same('post', r, 'POST', '/a', 'POST /a {}');
same('get parameter', r, 'GET', '/u/7', 'GET /u/:id {"id":"7"}');
same('get wildcard', r, 'GET', '/f/x/y', 'GET /f/* {"*":"x/y"}');
same('get two parameters', r, 'GET', '/v/1-2?q', 'GET /v/:x-:y {"x":"1","y":"2"}');
same('no such path, get', r, 'GET', '/zzz', 'default');
