'use strict';
const Parser = require('mysql/lib/protocol/Parser');
const RowDataPacket = require('mysql/lib/protocol/packets/RowDataPacket');
const Types = require('mysql/lib/protocol/constants/types');
const cell = (b) => (b === null ? Buffer.from([251]) : Buffer.concat([Buffer.from([b.length]), b]));
const text = (s) => Buffer.from(s);
function wkb(type, numbers, little) {
  const out = [Buffer.from([0, 0, 0, 0, little ? 1 : 0])];
  const int = Buffer.alloc(4);
  if (little) int.writeUInt32LE(type); else int.writeUInt32BE(type);
  out.push(int);
  for (const [n, isCount] of numbers) {
    const b = Buffer.alloc(isCount ? 4 : 8);
    if (isCount) { if (little) b.writeUInt32LE(n); else b.writeUInt32BE(n); } else if (little) b.writeDoubleLE(n); else b.writeDoubleBE(n);
    out.push(b);
  }
  return Buffer.concat(out);
}
const point = (x, y, little = true) => wkb(1, [[x], [y]], little);
const line = (...pts) => wkb(2, [[pts.length / 2, true], ...pts.map((p) => [p])], true);

// decodes rows of these columns: g for geometry, s for text, n for a number
function decode(kinds, rows, cast) {
  const types = { g: Types.GEOMETRY, s: Types.VAR_STRING, n: Types.LONG };
  const fields = [...kinds].map((k, i) => ({ name: 'c' + i, type: types[k], charsetNr: 33 }));
  const got = [];
  const parser = new Parser({ onPacket() {
    const row = new RowDataPacket();
    row.parse(parser, fields, cast || true, false, { config: { timezone: 'local' } });
    got.push(Object.values(row));
    if (!parser.reachedPacketEnd()) got.push('bytes are left over');
  } });
  rows.forEach((cells, i) => {
    const body = Buffer.concat(cells.map(cell));
    parser.write(Buffer.concat([Buffer.from([body.length, 0, 0, i]), body]));
  });
  return got;
}
function same(label, want, ...args) {
  let got;
  try { got = decode(...args); } catch (e) { got = 'throws ' + e; }
  const [g, w] = [got, want].map((v) => JSON.stringify(v));
  if (g !== w) { console.log(`wrong: ${label}: got ${g}, want ${w}`); process.exit(1); }
}
const none = Buffer.alloc(0);
same('empty', [[null]], 'g', [[none]]);
same('empty before text', [[null, 'abc']], 'gs', [[none, text('abc')]]);
same('empty after text', [['abc', null]], 'sg', [[text('abc'), none]]);
same('two empty ones', [[null, null, 7]], 'ggn', [[none, none, text('7')]]);
same('empty, then a point', [[null, { x: 1, y: 2 }]], 'gg', [[none, point(1, 2)]]);
same('a row after the empty one', [[null, 'a'], [{ x: 3, y: 4 }, 'b']], 'gs', [[none, text('a')], [point(3, 4), text('b')]]);
same('empty, own type cast', [[null, 'a']], 'gs', [[none, text('a')]], (f, next) => (f.type === 'GEOMETRY' ? f.geometry() : next()));
same('NULL', [[null, 'a']], 'gs', [[null, text('a')]]);
same('point', [[{ x: 1.5, y: -2 }, 'a']], 'gs', [[point(1.5, -2), text('a')]]);
same('origin', [[{ x: 0, y: 0 }]], 'g', [[point(0, 0)]]);
same('point, big endian', [[{ x: 1.5, y: -2 }]], 'g', [[point(1.5, -2, false)]]);
same('line', [[[{ x: 0, y: 1 }, { x: 2, y: 3 }]]], 'g', [[line(0, 1, 2, 3)]]);
same('empty text', [['', 1]], 'sn', [[none, text('1')]]);
