'use strict';
const { Builder } = require('xml2js');

const builder = new Builder({ rootName: 'customer', renderOpts: { pretty: false } });

function toXml(customer) {
  return builder.buildObject({ name: customer.name, contact: { mail: customer.mail, phone: customer.phone } });
}

function handle(body) {
  return toXml(JSON.parse(body));
}

console.log(handle('{"name": "Ann", "mail": "ann@example.com", "phone": 5551}'));
console.log(handle('{"name": "Bo", "mail": "bo@example.com"}'));
