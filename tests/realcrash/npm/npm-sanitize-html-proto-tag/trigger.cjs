'use strict';
const sanitizeHtml = require('sanitize-html');

function clean(comment) {
  return sanitizeHtml(comment, { allowedTags: ['p', 'b', 'a'], transformTags: { strong: 'b' } });
}

function handle(body) {
  return clean(JSON.parse(body).comment);
}

console.log(handle('{"comment": "<p>use <strong>strict</strong> <i>mode</i></p>"}'));
console.log(handle('{"comment": "<p>what does <__proto__> do?</p>"}'));
