'use strict';
const { PassThrough, Writable } = require('stream');
const { Mux } = require('amqplib/lib/mux');
function fail(what) { console.log('wrong: ' + what); process.exit(1); }
process.on('uncaughtException', (e) => fail('throws ' + String(e.message).split('\n')[0]));
const turns = async (n) => { for (let i = 0; i < n; i++) await new Promise((go) => setImmediate(go)); };

// sends `count` messages on each of the channels through a socket with room for `room` of them
async function run(label, channels, count, room) {
  const sent = [];
  const socket = new Writable({ objectMode: true, highWaterMark: room, write(chunk, enc, done) { sent.push(chunk); setImmediate(done); } });
  const write = socket.write;
  let full = false;
  socket.write = function (chunk) {
    if (full) fail(`${label}: writes though the socket is full`);
    const more = write.call(socket, chunk);
    full = !more;
    return more;
  };
  const mux = new Mux(socket);
  socket.prependListener('drain', () => { full = false; });
  const streams = [];
  for (let c = 0; c < channels; c++) {
    const s = new PassThrough({ objectMode: true, highWaterMark: 1000 });
    streams.push(s);
    mux.pipeFrom(s);
    for (let i = 0; i < count; i++) s.write(`${c}.${i}`);
  }
  await turns(50 + channels * count * 10);
  for (let c = 0; c < channels; c++) {
    const got = sent.filter((m) => m.startsWith(c + '.')).join(' ');
    const want = Array.from({ length: count }, (_, i) => `${c}.${i}`).join(' ');
    if (got !== want) fail(`${label}: channel ${c} sent ${got || 'nothing'}, want ${want}`);
  }
  if (sent.length !== channels * count) fail(`${label}: ${sent.length} messages, want ${channels * count}`);
  return { sent, mux, streams, socket };
}
(async () => {
  await run('one channel, room for one', 1, 6, 1);
  await run('one channel, room for two', 1, 7, 2);
  await run('two channels, room for one', 2, 5, 1);
  await run('two channels, room for three', 2, 8, 3);
  await run('four channels, room for two', 4, 6, 2);
  await run('five channels, room for four', 5, 9, 4);
  await run('one message', 1, 1, 1);
  const { sent } = await run('three channels, plenty of room', 3, 4, 1000);
  if (sent.slice(0, 3).map((m) => m[0]).sort().join('') !== '012') fail('the channels do not take turns: ' + sent.join(' '));
  const later = await run('more afterwards', 1, 3, 1);
  later.streams[0].write('0.3');
  later.streams[0].write('0.4');
  await turns(100);
  if (later.sent.slice(3).join(' ') !== '0.3 0.4') fail('more afterwards: ' + later.sent.join(' '));
  later.mux.unpipeFrom(later.streams[0]);
  later.streams[0].write('0.5');
  await turns(100);
  if (later.sent.includes('0.5')) fail('a channel that was taken away still sends');
  process.exit(0);
})();
