'use strict';
const Parser = require('mysql/lib/protocol/Parser');
const RowDataPacket = require('mysql/lib/protocol/packets/RowDataPacket');
const Types = require('mysql/lib/protocol/constants/types');

const FIELDS = [{ name: 'id', type: Types.LONG }, { name: 'place', type: Types.GEOMETRY }];

function replay(packet) {
  const rows = [];
  const parser = new Parser({ onPacket() {
    const row = new RowDataPacket();
    row.parse(parser, FIELDS, true, false, { config: { timezone: 'local' } });
    rows.push(row);
  } });
  parser.write(packet);
  return JSON.stringify(rows);
}

function handle(hex) {
  const body = Buffer.from(hex, 'hex');
  return replay(Buffer.concat([Buffer.from([body.length, 0, 0, 0]), body]));
}

console.log(handle('0137' + '19' + '00000000' + '0101000000' + '000000000000f03f' + '0000000000000040'));
console.log(handle('0138' + '00'));
