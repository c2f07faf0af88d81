'use strict';
process.env.NODE_CONFIG = '{"mailer": {"from": "shop@example.com"}}';
const config = require('config');

function Defaults(host) {
  this.host = host;
  this.port = 25;
}
Defaults.prototype.address = function address() { return `${this.host}:${this.port}`; };

function setUp(name, defaults) {
  config.util.setModuleDefaults(name, defaults);
  const mailer = config.get(name);
  return `${mailer.from} via ${mailer.address ? mailer.address() : mailer.host}`;
}

console.log(setUp('spool', { from: 'root@example.com', host: 'localhost' }));
console.log(setUp('mailer', new Defaults('mx.example.com')));
