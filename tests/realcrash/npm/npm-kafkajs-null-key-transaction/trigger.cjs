'use strict';
const Batch = require('kafkajs/src/consumer/batch');

function record(offset, key, value) {
  return { offset: String(offset), key, value, batchContext: { producerId: '4001', inTransaction: key === null } };
}

function consume(topic, fetched) {
  const batch = new Batch(topic, '0', fetched);
  return batch.messages.map((m) => `${m.offset}:${m.value}`).join(' ') || 'nothing';
}

function handle(topic, messages, abortedTransactions) {
  return consume(topic, { partition: 0, highWatermark: '10', messages, abortedTransactions });
}

console.log(handle('orders', [record(1, Buffer.from('k'), 'a'), record(2, null, 'b')], []));
console.log(handle('orders', [record(3, Buffer.from('k'), 'c'), record(4, null, 'd')], [{ producerId: '4001', firstOffset: '4' }]));
