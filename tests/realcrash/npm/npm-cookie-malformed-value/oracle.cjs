'use strict';
const cookie = require('cookie');
function same(label, run, want) {
  let got;
  try { got = run(); } catch (e) { got = 'throws ' + e; }
  const [g, w] = [got, want].map((v) => JSON.stringify(v));
  if (g !== w) { console.log(`wrong: ${label}: got ${g}, want ${w}`); process.exit(1); }
}
const parsed = (label, header, want) => same(label, () => cookie.parse(header), want);
parsed('percent sign', 'a=50%', { a: '50%' });
parsed('percent sign among others', 'x=1; a=50%; b=a%20b', { x: '1', a: '50%', b: 'a b' });
parsed('no hex digits', 'a=%zz; b=2', { a: '%zz', b: '2' });
parsed('no UTF-8', 'a=%E4; b=2', { a: '%E4', b: '2' });
parsed('good and bad within one value', 'a=%20%; b=2', { a: '%20%', b: '2' });
parsed('quoted', 'a="50%"; b=2', { a: '50%', b: '2' });
parsed('the first of a name counts', 'a=%; a=2', { a: '%' });
parsed('the first of a name counts, bad second', 'a=1; a=%', { a: '1' });
parsed('two bad ones', 'a=%;b=%', { a: '%', b: '%' });
parsed('comma', 'a=%, b=%41', { a: '%', b: 'A' });
parsed('plain', 'foo=bar; b=', { foo: 'bar', b: '' });
parsed('encoded', 'mail=%C3%A4%40x.org', { mail: 'ä@x.org' });
parsed('equals sign within', 'a=b=c', { a: 'b=c' });
parsed('blanks', ' a = b ;  c = "d e" ', { a: 'b', c: 'd e' });
same('serialize', () => cookie.serialize('a', '50% ä', { path: '/', httpOnly: true }), 'a=50%25%20%C3%A4; Path=/; HttpOnly');
same('there and back', () => cookie.parse(cookie.serialize('a', '50%')), { a: '50%' });
