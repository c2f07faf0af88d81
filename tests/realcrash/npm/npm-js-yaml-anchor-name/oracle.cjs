'use strict';
const yaml = require('js-yaml');
function same(label, text, want, load = yaml.safeLoad) {
  let got;
  try { got = load(text); } catch (e) { got = e instanceof yaml.YAMLException ? 'YAMLException: ' + e.reason : 'throws ' + e; }
  const [g, w] = [got, want].map((v) => JSON.stringify(v));
  if (g !== w) { console.log(`wrong: ${label}: got ${g}, want ${w}`); process.exit(1); }
}
const pair = (name, value) => `- &${name} ${value}\n- *${name}\n`;
same('text', pair('hasOwnProperty', 'x'), ['x', 'x']);
same('number', pair('hasOwnProperty', '5'), [5, 5]);
same('nothing', pair('hasOwnProperty', 'null'), [null, null]);
same('list', pair('hasOwnProperty', '[1, 2]'), [[1, 2], [1, 2]]);
same('mapping', 'a: &hasOwnProperty {k: v}\nb: *hasOwnProperty\n', { a: { k: 'v' }, b: { k: 'v' } });
same('merge', 'a: &hasOwnProperty {k: v}\nb:\n  <<: *hasOwnProperty\n  l: w\n', { a: { k: 'v' }, b: { k: 'v', l: 'w' } });
same('another alias beside it', '- &hasOwnProperty x\n- &b y\n- *b\n- *hasOwnProperty\n', ['x', 'y', 'y', 'x']);
same('set again', '- &hasOwnProperty x\n- &hasOwnProperty y\n- *hasOwnProperty\n', ['x', 'y', 'y']);
same('unknown alias beside it', '- &hasOwnProperty x\n- *b\n', 'YAMLException: unidentified alias "b"');
same('alias of that name without an anchor', '- *hasOwnProperty\n', 'YAMLException: unidentified alias "hasOwnProperty"');
same('anchor toString', pair('toString', 'x'), ['x', 'x']);
same('alias toString without an anchor', '- *toString\n', 'YAMLException: unidentified alias "toString"');
same('alias constructor without an anchor', '- &hasOwnProperty x\n- *constructor\n', 'YAMLException: unidentified alias "constructor"');
same('plain load', pair('hasOwnProperty', 'x'), ['x', 'x'], yaml.load);
same('second document', '--- &hasOwnProperty x\n---\n- &a 1\n- *a\n', ['x', [1, 1]], yaml.safeLoadAll);
same('ordinary', pair('a', '{b: [c]}'), [{ b: ['c'] }, { b: ['c'] }]);
same('unknown alias', '- *a\n', 'YAMLException: unidentified alias "a"');
same('key of that name', 'hasOwnProperty: 1\nb: 2\n', { hasOwnProperty: 1, b: 2 });
const list = yaml.safeLoad('- &a [1]\n- *a\n');
if (list[0] !== list[1]) { console.log('wrong: an alias is the same object as its anchor'); process.exit(1); }
