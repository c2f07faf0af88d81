'use strict';
const cookie = require('cookie');

function visitor(header) {
  const jar = header ? cookie.parse(header) : {};
  return { session: jar.sid || 'new', theme: jar.theme || 'light' };
}

function handle(headers) {
  return JSON.stringify(visitor(headers.cookie));
}

console.log(handle({}));
console.log(handle({ cookie: 'sid=a%20b; theme=dark' }));
console.log(handle({ cookie: 'discount=50%; sid=a%20b' }));
