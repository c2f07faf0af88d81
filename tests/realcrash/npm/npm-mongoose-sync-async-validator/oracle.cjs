'use strict';
const mongoose = require('mongoose');
function fail(what) { console.log('wrong: ' + what); process.exit(1); }
process.on('uncaughtException', (e) => fail('throws ' + e));
process.on('unhandledRejection', (e) => fail('rejects ' + e));
const turns = async (n) => { for (let i = 0; i < n; i++) await new Promise((go) => setImmediate(go)); };
let n = 0;
// the messages that validation gives; how often it calls back
function validate(def, values) {
  const schema = new mongoose.Schema(def, { autoIndex: false });
  const Model = mongoose.model('M' + n++, schema);
  return new Promise((done) => {
    let calls = 0;
    const state = { messages: 'never called back' };
    new Model(values).validate((err) => {
      calls++;
      state.messages = err ? Object.keys(err.errors).sort().map((k) => `${k}: ${err.errors[k].message}`).join('; ') : 'fine';
    });
    turns(100).then(() => done(calls > 1 ? `called back ${calls} times` : state.messages));
  });
}
const by = (validator, message) => ({ type: String, validate: { isAsync: true, validator, message } });
async function same(label, want, def, values) {
  const got = await validate(def, values);
  if (got !== want) fail(`${label}: got ${got}, want ${want}`);
}
(async () => {
  await same('good at once', 'fine', { a: by((v, done) => { done(true); }) }, { a: 'x' });
  await same('bad at once', 'a: no', { a: by((v, done) => { done(false); }, 'no') }, { a: 'x' });
  await same('bad at once, own message', 'a: taken', { a: by((v, done) => { done(false, 'taken'); }, 'no') }, { a: 'x' });
  await same('twice at once', 'a: no', { a: by((v, done) => { done(false); done(true); }, 'no') }, { a: 'x' });
  await same('bad at once, usual message', 'a: Validator failed for path `a` with value `x`', { a: by((v, done) => { done(false); }) }, { a: 'x' });
  await same('two paths', 'b: no', { a: by((v, done) => { done(true); }), b: by((v, done) => { done(v === 'y'); }, 'no') }, { a: 'x', b: 'x' });
  await same('one at once, one later', 'a: no; b: late', { a: by((v, done) => { done(false); }, 'no'), b: by((v, done) => { setImmediate(done, false); }, 'late') }, { a: 'x', b: 'x' });
  await same('good later', 'fine', { a: by((v, done) => { setImmediate(done, true); }) }, { a: 'x' });
  await same('bad later', 'a: no', { a: by((v, done) => { setImmediate(done, false); }, 'no') }, { a: 'x' });
  await same('bad later, own message', 'a: taken', { a: by((v, done) => { setImmediate(done, false, 'taken'); }, 'no') }, { a: 'x' });
  await same('twice later', 'a: no', { a: by((v, done) => { setImmediate(() => { done(false); done(true); }); }, 'no') }, { a: 'x' });
  await same('returns false', 'a: no', { a: by(() => false, 'no') }, { a: 'x' });
  await same('returns true', 'fine', { a: by(() => true, 'no') }, { a: 'x' });
  await same('returns false, then calls back', 'a: no', { a: by((v, done) => { setImmediate(done, true); return false; }, 'no') }, { a: 'x' });
  await same('bad promise', 'a: no', { a: by(() => Promise.resolve(false), 'no') }, { a: 'x' });
  await same('good promise', 'fine', { a: by(() => Promise.resolve(true), 'no') }, { a: 'x' });
  process.exit(0);
})();
