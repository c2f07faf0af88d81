'use strict';
const yaml = require('js-yaml');

function methods(text) {
  const { checks } = yaml.safeLoad(text);
  return checks.map((c) => `${c.use}(${c.args.join(', ')})`).join(' ');
}

function handle(upload) {
  console.log(methods(upload));
}

handle('checks:\n  - use: &isArray is-array\n    args: [items]\n  - use: *isArray\n    args: [lines]\n');
handle('checks:\n  - use: &hasOwnProperty has-own\n    args: [id]\n  - use: *hasOwnProperty\n    args: [name]\n');
