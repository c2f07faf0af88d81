'use strict';
const sanitizeHtml = require('sanitize-html');
function same(label, html, want, options) {
  let got;
  try { got = sanitizeHtml(html, options); } catch (e) { got = 'throws ' + e; }
  if (got !== want) { console.log(`wrong: ${label}: got ${got}, want ${want}`); process.exit(1); }
}
same('empty', '<__proto__></__proto__>', '');
same('with text', '<p>a<__proto__>b</__proto__>c</p>', '<p>abc</p>');
same('not closed', '<p>a<__proto__>b</p>', '<p>ab</p>');
same('with an attribute', '<__proto__ class="x">b</__proto__>', 'b');
same('capital letters', '<__PROTO__>b</__PROTO__>', 'b');
same('one in the other', '<__proto__><b>a<__proto__>c</__proto__></b></__proto__>', '<b>ac</b>');
same('tags after it', '<__proto__>x</__proto__><a href="/y">y</a><script>z</script>', 'x<a href="/y">y</a>');
same('beside a transformed tag', '<strong>a</strong><__proto__>b</__proto__>', '<b>a</b>b', { allowedTags: ['b'], transformTags: { strong: 'b' } });
same('all tags transformed', '<__proto__>a</__proto__><i>c</i>', '<u>a</u><u>c</u>', { allowedTags: ['u'], transformTags: { '*': () => ({ tagName: 'u', attribs: {} }) } });
same('allowed', '<__proto__>a</__proto__>', '<__proto__>a</__proto__>', { allowedTags: false });
same('transformed by name', '<ol class="x"><li>a</li></ol>', '<ul class="y"><li>a</li></ul>', { allowedTags: ['ul', 'li'], allowedAttributes: { ul: ['class'] }, transformTags: { ol: sanitizeHtml.simpleTransform('ul', { class: 'y' }) } });
same('transformed by a function', '<x-a k="1">t</x-a>', '<b>new</b>', { allowedTags: ['b'], transformTags: { 'x-a': () => ({ tagName: 'b', attribs: {}, text: 'new' }) } });
same('a tag that is not allowed', '<p>a<blink>b</blink></p>', '<p>ab</p>');
same('attributes', '<a href="http://x.org" onclick="y()" name="n">a</a><img src="z">', '<a href="http://x.org" name="n">a</a>');
same('bad scheme', '<a href="javascript:x()">a</a>', '<a>a</a>');
