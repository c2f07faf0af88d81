'use strict';
const winston = require('winston');
function fail(what) { console.log('wrong: ' + what); process.exit(1); }
process.on('uncaughtException', (e) => fail('throws ' + e));

// what the formatter is given, and the line that is written
function log(meta, change) {
  let seen;
  const memory = new winston.transports.Memory({ formatter(o) { seen = o; if (change) change(o.meta); return 'line ' + o.message; } });
  const logger = new winston.Logger({ transports: [memory] });
  try { logger.info('hello', meta); } catch (e) { fail('throws ' + e); }
  if (!seen) fail('the formatter was not called');
  return { meta: seen.meta, level: seen.level, message: seen.message, out: memory.writeOutput.join('|') };
}
function same(label, got, want) {
  const [g, w] = [got, want].map((v) => JSON.stringify(v));
  if (g !== w) fail(`${label}: got ${g}, want ${w}`);
}
const u = { name: 'ann', age: 7, tags: ['x', 'y'] };
u.self = u;
let got = log({ user: u, n: 1 });
same('circular: rest', [got.meta.n, got.meta.user.name, got.meta.user.age, got.meta.user.tags], [1, 'ann', 7, ['x', 'y']]);
same('circular: line', [got.level, got.message, got.out], ['info', 'hello', 'line hello']);
const top = { id: 3 };
top.top = top;
same('circular at the top', log(top).meta.id, 3);
const a = { k: 'a' };
const b = { k: 'b', a };
a.b = b;
got = log({ a, z: 'end' });
same('two that refer to each other', [got.meta.a.k, got.meta.a.b.k, got.meta.z], ['a', 'b', 'end']);
got = log({ user: u }, (m) => { m.user.name = 'changed'; m.user.added = 1; delete m.user.age; });
same('the caller keeps his own', [u.name, u.added, u.age, u.self === u], ['ann', null, 7, true].map((v) => (v === null ? undefined : v)));
const deep = { v: 0 };
for (let i = 1, at = deep; i < 12; i++) at = at.next = { v: i };
got = log(deep);
let at = got.meta;
for (let i = 0; i < 12; i++) { same('not circular, deep', at && at.v, i); at = at.next; }
same('plain', log({ a: 1, b: { c: 'd', e: [1, 2] }, f: null }).meta, { a: 1, b: { c: 'd', e: [1, 2] }, f: null });
const plain = { a: { b: 1 } };
log(plain, (m) => { m.a.b = 2; });
same('plain, the caller keeps his own', plain, { a: { b: 1 } });
const when = new Date(0);
same('date', log({ when }).meta.when.toISOString(), when.toISOString());
same('error', log(new Error('boom')).meta.message, 'boom');
same('no metadata', log(undefined).out, 'line hello');
const json = new winston.transports.Memory({ json: true });
new winston.Logger({ transports: [json] }).info('hello', { user: u });
same('json', JSON.parse(json.writeOutput[0]).user.name, 'ann');
