'use strict';
const fs = require('fs');
const os = require('os');
const path = require('path');
const stylus = require('stylus');
const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'styl-'));
process.on('exit', () => fs.rmSync(dir, { recursive: true, force: true }));
for (const [name, text] of Object.entries({
  'a.styl': 'a\n  color red\n', 'b.styl': '@import "a"\n', 'web.styl': '@import url("http://x.org/w.css")\n@import "a"\n', 'plain.css': 'p { margin: 0 }\n'
})) fs.writeFileSync(path.join(dir, name), text);

function same(label, text, want, run) {
  let got;
  const sheet = stylus(text, { filename: path.join(dir, 'main.styl'), paths: [dir] });
  try { got = run ? run(sheet) : sheet.deps().map((f) => path.basename(f)).sort().join(' '); } catch (e) { got = 'throws ' + e; }
  if (got !== want) { console.log(`wrong: ${label}: got ${got}, want ${want}`); process.exit(1); }
}
same('url alone', '@import url("http://x.org/w.css")\n', '');
same('url without quotes', '@import url(http://x.org/w.css)\n', '');
same('url without a suffix', '@import url("//fonts.x.org/css?family=Lato")\n', '');
same('url before a file', '@import url("http://x.org/w.css")\n@import "a"\n', 'a.styl');
same('url after a file', '@import "b"\n@import url("http://x.org/w.css")\n', 'a.styl b.styl');
same('url between files', '@import "plain.css"\n@import url("http://x.org/w.css")\n@import "a"\n', 'a.styl plain.css');
same('two of them', '@import url("http://x.org/w.css")\n@import url("http://x.org/v.css")\n@import "a"\n', 'a.styl');
same('url within an imported file', '@import "web"\n', 'a.styl web.styl');
same('url with rules', '@import url("http://x.org/w.css")\nbody\n  color red\n  @import "a"\n', 'a.styl');
same('rendered', '@import url("http://x.org/w.css")\nbody\n  color red\n', '@import url("http://x.org/w.css");body{color:#f00}', (s) => s.set('compress', true).render().replace(/\n/g, ''));
same('file', '@import "a"\n', 'a.styl');
same('nested files', '@import "b"\n', 'a.styl b.styl');
same('CSS file', '@import "plain.css"\n', 'plain.css');
same('file without quotes', '@import a\n', 'a.styl');
same('required', '@require "a"\n', 'a.styl');
same('no such file', '@import "zzz"\n', '');
same('twice', '@import "a"\n@import "a"\n', 'a.styl');
same('nothing', 'body\n  color red\n', '');
