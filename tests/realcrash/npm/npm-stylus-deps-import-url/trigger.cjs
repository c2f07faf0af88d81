'use strict';
const stylus = require('stylus');

function watchList(sheet) {
  return stylus(sheet.text, { filename: sheet.name, paths: [__dirname] }).deps();
}

function handle(sheet) {
  console.log(sheet.name, watchList(sheet).length);
}

handle({ name: 'base.styl', text: '@import "colours"\nbody\n  color red\n' });
handle({ name: 'fonts.styl', text: '@import url("https://fonts.example.com/css?family=Lato")\nbody\n  font Lato\n' });
