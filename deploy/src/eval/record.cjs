'use strict';
// Loaded before the script (`node --require`): writes its uncaught exception in the ways a service logs one. The tools are
// loaded by their full paths and only after the crash, so that they never stand in for the case's modules.
const { out, release, tools, kinds } = JSON.parse(process.env.RECORD);
delete process.env.RECORD;

function asText(file, error, fs) {
  const { format } = require('util');
  const at = new Date().toISOString();
  fs.writeFileSync(file, [
    `${at} worker started`, `${at} handled request in 3 ms`, `${at} handled request in 5 ms`,
    format('%s request failed', at, error),
    `${at} handled request in 4 ms`, `${at} queue is empty`, '',
  ].join('\n'));
}

function asJson(file, error, fs, path) {
  const pino = require(path.join(tools, 'node_modules', 'pino'));
  const log = pino({ name: 'app' }, pino.destination({ dest: file, sync: true }));
  log.info('worker started');
  log.info('handled request in 3 ms');
  log.error(error, 'request failed');
  log.info('handled request in 4 ms');
  log.info('queue is empty');
}

async function asSentry(file, error, fs, path) {
  const sentry = require(path.join(tools, 'node_modules', '@sentry', 'node'));
  // A transport of our own writes what would be sent.
  const transport = () => ({
    send: async ([, items]) => {
      for (const [header, event] of items) if (header.type === 'event') fs.writeFileSync(file, JSON.stringify(event) + '\n');
      return {};
    },
    flush: async () => true,
  });
  sentry.init({ dsn: 'https://public@sentry.invalid/1', release, transport });
  sentry.captureException(error);
  await sentry.flush(5000);
}

process.once('uncaughtException', async (error) => {
  const fs = require('fs');
  const path = require('path');
  const writers = { text: ['text.log', asText], json: ['json.log', asJson], sentry: ['sentry.json', asSentry] };
  try {
    for (const kind of kinds) await writers[kind][1](path.join(out, writers[kind][0]), error, fs, path);
    const isError = error instanceof Error;
    // A log shows the name or the class, whichever its writer looks at.
    const [type, kind] = isError ? [error.name, error.constructor.name] : [typeof error];
    const crash = { type, class: kind, message: isError ? error.message : String(error) };
    fs.writeFileSync(path.join(out, 'crash.json'), JSON.stringify(crash));
  } catch (failure) {
    console.error(failure);
  }
  process.exit(1);
});
