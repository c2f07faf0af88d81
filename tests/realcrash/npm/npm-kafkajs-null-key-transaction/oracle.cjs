'use strict';
const Batch = require('kafkajs/src/consumer/batch');
const ABORT = Buffer.from([0, 0, 0, 0]);
const COMMIT = Buffer.from([0, 0, 0, 1]);
let next;
const msg = (key, producerId, inTransaction = true) => ({ offset: String(next++), key, value: 'v', batchContext: { producerId, inTransaction } });
const end = (key, producerId) => Object.assign(msg(key, producerId), { isControlRecord: true });

// the offsets that come through
function same(label, make, aborted, want, from = '0') {
  next = 0;
  const messages = make();
  let got;
  try {
    got = new Batch('t', from, { partition: 0, highWatermark: '99', messages, abortedTransactions: aborted && aborted.map(([producerId, firstOffset]) => ({ producerId, firstOffset: String(firstOffset) })) }).messages;
    if (got.some((m) => !messages.includes(m))) got = 'other messages';
    else got = got.map((m) => m.offset).join(' ');
  } catch (e) { got = 'throws ' + e; }
  if (got !== want) { console.log(`wrong: ${label}: got ${got}, want ${want}`); process.exit(1); }
}
const k = Buffer.from('key');
same('null key, aborted', () => [msg(null, 'p'), end(ABORT, 'p'), msg(k, 'q', false)], [['p', 0]], '2');
same('null keys, aborted', () => [msg(null, 'p'), msg(null, 'p'), msg(k, 'p'), end(ABORT, 'p')], [['p', 0]], '');
same('null key, aborted, good ones later', () => [msg(null, 'p'), end(ABORT, 'p'), msg(null, 'p'), end(COMMIT, 'p')], [['p', 0]], '2');
same('null key does not end the transaction', () => [msg(k, 'p'), msg(null, 'p'), msg(k, 'p'), end(ABORT, 'p'), msg(k, 'p')], [['p', 0]], '4');
same('null key of another producer', () => [msg(k, 'p'), msg(null, 'q'), end(ABORT, 'p')], [['p', 0]], '1');
same('null key outside a transaction', () => [msg(k, 'p'), msg(null, 'p', false), end(ABORT, 'p')], [['p', 0]], '1');
same('null key before the aborted one', () => [msg(null, 'p'), end(COMMIT, 'p'), msg(null, 'p'), end(ABORT, 'p')], [['p', 2]], '0');
same('undefined key, aborted', () => [msg(undefined, 'p'), end(ABORT, 'p'), msg(undefined, 'q')], [['p', 0]], '2');
same('two producers, null keys', () => [msg(null, 'p'), msg(null, 'q'), end(ABORT, 'q'), msg(null, 'q'), msg(null, 'p'), end(ABORT, 'p'), msg(null, 'p')], [['p', 0], ['q', 1]], '3 6');
same('null key, offset fetched later', () => [msg(null, 'p'), msg(null, 'p'), end(ABORT, 'p'), msg(k, 'p')], [['p', 0]], '3', '1');
same('empty key, aborted', () => [msg(Buffer.alloc(0), 'p'), end(ABORT, 'p'), msg('', 'p')], [['p', 0]], '2');
same('aborted', () => [msg(k, 'p'), end(ABORT, 'p'), msg(k, 'p'), end(COMMIT, 'p')], [['p', 0]], '2');
same('committed', () => [msg(k, 'p'), msg(null, 'p'), end(COMMIT, 'p')], [], '0 1');
same('no transactions', () => [msg(null, 'p', false), msg(k, 'p', false)], undefined, '0 1');
