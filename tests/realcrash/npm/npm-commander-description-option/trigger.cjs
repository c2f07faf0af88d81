'use strict';
const { Command } = require('commander');

function build(spec) {
  const program = new Command('tasks');
  for (const c of spec) {
    const cmd = program.command(c.name).description(c.about);
    for (const [flags, value] of c.options) cmd.option(flags, '', value);
  }
  return program;
}

function usage(spec) {
  console.log(build(spec).helpInformation());
}

const list = { name: 'list', about: 'shows tasks', options: [['-s, --state <name>', 'open']] };
const add = { name: 'add <title>', about: 'adds a task', options: [['-d, --description <text>', 'none']] };
usage([list]);
usage([list, add]);
