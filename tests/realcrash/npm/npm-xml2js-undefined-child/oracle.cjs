'use strict';
const { Builder } = require('xml2js');
function same(label, obj, want, options) {
  let got;
  try {
    got = new Builder(Object.assign({ headless: true, renderOpts: { pretty: false } }, options)).buildObject(obj);
    got = got.replace(/<(\w+)><\/\1>/g, '<$1/>');
  } catch (e) { got = 'throws ' + e; }
  if (got !== want) { console.log(`wrong: ${label}: got ${got}, want ${want}`); process.exit(1); }
}
const u = undefined;
same('undefined', { r: { a: u } }, '<r><a/></r>');
same('undefined among others', { r: { a: 1, b: u, c: 'x' } }, '<r><a>1</a><b/><c>x</c></r>');
same('undefined deep down', { r: { a: { b: { c: u } }, d: 2 } }, '<r><a><b><c/></b></a><d>2</d></r>');
same('undefined beside attributes', { r: { $: { id: '7' }, a: u } }, '<r id="7"><a/></r>');
same('undefined in an object of a list', { r: { i: [{ a: u }, { a: 2 }] } }, '<r><i><a/></i><i><a>2</a></i></r>');
same('undefined, cdata', { r: { a: u, b: '<b>' } }, '<r><a/><b><![CDATA[<b>]]></b></r>', { cdata: true });
same('undefined below the usual root', { a: u, b: 1 }, '<root><a/><b>1</b></root>');
same('null', { r: { a: null, b: 1 } }, '<r><a/><b>1</b></r>');
same('empty text', { r: { a: '' } }, '<r><a/></r>');
same('zero and false', { r: { a: 0, b: false } }, '<r><a>0</a><b>false</b></r>');
same('escaping', { r: { a: 'x<y' } }, '<r><a>x&lt;y</a></r>');
same('attributes and text', { r: { a: { $: { k: 'v' }, _: 'text' } } }, '<r><a k="v">text</a></r>');
same('lists', { r: { a: ['1', '2'], b: { c: 'd' } } }, '<r><a>1</a><a>2</a><b><c>d</c></b></r>');
