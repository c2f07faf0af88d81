'use strict';
process.env.NODE_CONFIG = '{"m": {"own": 1}}';
const { util } = require('config');
function fail(what) { console.log('wrong: ' + what); process.exit(1); }
process.on('uncaughtException', (e) => fail('throws ' + e));
function same(label, run, want) {
  let got;
  try { got = run(); } catch (e) { got = 'throws ' + e; }
  const [g, w] = [got, want].map((v) => JSON.stringify(v));
  if (g !== w) fail(`${label}: got ${g}, want ${w}`);
}
function Base() { this.own = 1; }
Base.prototype.hello = function hello() { return 'own is ' + this.own; };
Base.prototype.level = 'info';
Base.prototype.none = null;
same('method', () => util.extendDeep({}, new Base()).hello(), 'own is 1');
same('method on what it becomes part of', () => util.extendDeep({ own: 5, x: 2 }, Object.create(Base.prototype)).hello(), 'own is 5');
same('values', () => { const o = util.extendDeep({}, new Base()); return [o.own, o.level, o.none]; }, [1, 'info', null]);
same('the target is own and may be changed', () => { const o = util.extendDeep({}, new Base()); o.level = 'debug'; return [o.level, Object.keys(o).includes('level')]; }, ['debug', true]);
same('overrides what the target has', () => util.extendDeep({ level: 'warn' }, new Base()).level, 'info');
same('deep down', () => util.extendDeep({ a: { b: 1 } }, { a: new Base() }).a.hello(), 'own is 1');
same('from a prototype of plain values', () => util.extendDeep({}, Object.create({ up: 1 }, { down: { value: 2, enumerable: true } })), { down: 2, up: 1 });
same('several', () => util.extendDeep({ z: 0 }, new Base(), Object.create({ level: 'trace', q: 4 })).level, 'trace');
same('the source stays', () => { const b = new Base(); util.extendDeep({}, b).level = 'x'; return [b.level, Object.keys(b)]; }, ['info', ['own']]);
same('module defaults', () => { const d = new Base(); d.extra = 2; const m = util.setModuleDefaults('m', d); return [m.own, m.extra, typeof m.hello]; }, [1, 2, 'function']);
same('plain', () => util.extendDeep({ a: 1, b: { c: 2 } }, { b: { d: 3 }, e: [1, 2] }), { a: 1, b: { c: 2, d: 3 }, e: [1, 2] });
same('accessors stay accessors', () => { let n = 0; const o = util.extendDeep({}, { get tick() { return ++n; } }); return o.tick < o.tick; }, true);
same('own functions', () => util.extendDeep({}, { f() { return 3; } }).f(), 3);
same('dates', () => util.extendDeep({}, { d: new Date(0) }).d.getTime(), 0);
same('falsy values', () => util.extendDeep({ a: 1, b: 2, c: 3 }, { a: 0, b: null, c: '' }), { a: 0, b: null, c: '' });
