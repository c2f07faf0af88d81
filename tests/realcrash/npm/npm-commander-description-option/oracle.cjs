'use strict';
const { Command } = require('commander');
function fail(what) { console.log('wrong: ' + what); process.exit(1); }
function help(make) {
  const p = new Command('app');
  make(p);
  try { return p.helpInformation(); } catch (e) { return fail('throws ' + e); }
}
const lines = (text) => text.split('\n').map((l) => l.trim().replace(/\s+/g, ' ')).filter(Boolean);
function has(label, make, want, not) {
  const got = lines(help(make));
  for (const w of want) if (!got.includes(w)) fail(`${label}: no line ${JSON.stringify(w)} in ${JSON.stringify(got)}`);
  if (not && got.some((l) => l.includes(not))) fail(`${label}: ${not} is shown`);
}
has('default value', (p) => p.command('add').description('adds').option('--description <t>', 'text', 'zzz'), ['add [options] adds'], 'zzz');
has('default value, optional', (p) => p.command('add').description('adds').option('-d, --description [t]', 'text', 'zzz'), ['add [options] adds'], 'zzz');
has('number', (p) => p.command('add').description('adds').option('--description <n>', 'text', parseInt, 5), ['add [options] adds'], '5');
has('empty default', (p) => p.command('add').description('adds').option('--description <t>', 'text', ''), ['add [options] adds']);
has('switched off by an option', (p) => p.command('add').description('adds').option('--no-description', 'without'), ['add [options] adds'], 'true');
has('no description', (p) => p.command('add').option('--description <t>', 'text', 'zzz'), ['add [options]'], 'zzz');
has('others beside it', (p) => {
  p.command('list').alias('ls').description('lists');
  p.command('add <a> [b]').description('adds').option('--description <t>', 'text', 'zzz');
  p.command('rm').description('removes').option('-f, --force', 'now');
}, ['list|ls lists', 'add [options] <a> [b] adds', 'rm [options] removes'], 'zzz');
let value;
const parsed = new Command('app');
parsed.command('add').description('adds').option('-d, --description <t>', 'text', 'zzz').action((c) => { value = c.description; });
parsed.parse(['node', 'app', 'add', '-d', 'mine']);
if (value !== 'mine') fail(`the option's value: got ${typeof value === "string" ? value : typeof value}, want mine`);
if (!lines(parsed.helpInformation()).includes('add [options] adds')) fail('help after the option was given');
has('no such option', (p) => p.command('add').description('adds').option('-t, --title <t>', 'text', 'x'), ['add [options] adds', '-h, --help output usage information']);
has('set later', (p) => { const c = p.command('add'); c.description('old'); c.description('new'); }, ['add new'], 'old');
has('program', (p) => p.description('about').option('-x, --ex', 'an option'), ['about', '-x, --ex an option', 'Usage: app [options]']);
has('hidden', (p) => { p.command('a').description('one'); p.command('b', null, { noHelp: true }).description('two'); }, ['a one'], 'two');
if (new Command('x').description('d').description() !== 'd') fail('description() no longer gives the description');
