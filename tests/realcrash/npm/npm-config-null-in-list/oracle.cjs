'use strict';
const fs = require('fs');
const os = require('os');
const path = require('path');
function fail(what) { console.log('wrong: ' + what); process.exit(1); }
process.on('uncaughtException', (e) => fail('throws ' + e));
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'conf-'));
process.on('exit', () => fs.rmSync(dir, { recursive: true, force: true }));
process.env.NODE_CONFIG_DIR = dir;
process.env.SUPPRESS_NO_CONFIG_WARNING = 'y';

// what a fresh configuration of this source text holds
function load(source, env) {
  fs.writeFileSync(path.join(dir, 'default.js'), `const { deferConfig } = require('config/defer');\nmodule.exports = ${source};\n`);
  if (env) process.env.NODE_CONFIG = JSON.stringify(env); else delete process.env.NODE_CONFIG;
  for (const file of Object.keys(require.cache)) delete require.cache[file];
  return require('config');
}
function same(label, source, key, want, env) {
  let got;
  try { got = load(source, env).get(key); } catch (e) { fail(`${label}: throws ${e}`); }
  if (JSON.stringify(got) !== JSON.stringify(want)) fail(`${label}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
}
same('null last', '{ a: [1, null] }', 'a', [1, null]);
same('null first', '{ a: [null, "x"] }', 'a', [null, 'x']);
same('null alone', '{ a: [null] }', 'a', [null]);
same('null in a nested list', '{ a: [[1, null], [2]] }', 'a', [[1, null], [2]]);
same('null in a list of objects', '{ a: [{ b: 1 }, null, { c: null }] }', 'a', [{ b: 1 }, null, { c: null }]);
same('null in a list deep down', '{ a: { b: { c: [null, 2] } } }', 'a.b.c', [null, 2]);
same('undefined in a list', '{ a: [undefined, 2] }', 'a.length', 2);
same('from the environment', '{ a: [1] }', 'a', [2, null], { a: [2, null] });
same('deferred value after a null', '{ n: 3, a: [null, deferConfig(function () { return this.n + 1; })] }', 'a', [null, 4]);
same('deferred value in an object after a null', '{ n: 3, a: [null, { b: deferConfig(function () { return this.n * 2; }) }] }', 'a', [null, { b: 6 }]);
same('deferred value of a later key', '{ a: [null], n: 3, z: deferConfig(function () { return this.n; }) }', 'z', 3);
same('null value', '{ a: null, b: { c: null } }', 'b', { c: null });
same('falsy values in a list', '{ a: [0, "", false] }', 'a', [0, '', false]);
same('deferred value', '{ n: 3, d: { m: deferConfig(function () { return "n" + this.n; }) } }', 'd.m', 'n3');
same('deferred value in a list', '{ n: 3, a: [deferConfig(function () { return this.n; }), 1] }', 'a', [3, 1]);
same('nested lists', '{ a: [[1], ["b", { c: 2 }]] }', 'a', [[1], ['b', { c: 2 }]]);
