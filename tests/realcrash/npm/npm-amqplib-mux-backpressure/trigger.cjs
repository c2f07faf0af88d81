'use strict';
const { PassThrough, Writable } = require('stream');
const { Mux } = require('amqplib/lib/mux');

function connect(size) {
  const sent = [];
  const socket = new Writable({
    highWaterMark: size,
    write(chunk, enc, done) { sent.push(String(chunk)); setImmediate(done); }
  });
  return { sent, mux: new Mux(socket) };
}

function publish(size, messages) {
  const { sent, mux } = connect(size);
  const channel = new PassThrough({ objectMode: true });
  mux.pipeFrom(channel);
  for (const m of messages) channel.write(m);
  setTimeout(() => console.log(sent.join(' ')), 50);
}

publish(1024, ['one', 'two', 'three']);
setTimeout(() => publish(8, ['first order', 'second order', 'third order']), 100);
