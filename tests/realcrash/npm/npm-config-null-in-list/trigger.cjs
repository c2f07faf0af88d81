'use strict';

function load(settings) {
  process.env.NODE_CONFIG = JSON.stringify(settings);
  for (const file of Object.keys(require.cache)) delete require.cache[file];
  return require('config');
}

function start(settings) {
  const config = load(settings);
  const limits = config.get('limits').map((n) => (n === null ? 'none' : n));
  return `${config.get('name')}: ${limits.join(', ')}`;
}

console.log(start({ name: 'small', limits: [10, 20] }));
console.log(start({ name: 'large', limits: [100, null] }));   // no upper limit
