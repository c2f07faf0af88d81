'use strict';
const mongoose = require('mongoose');

const known = new Map([['admin', true]]);

function isFree(name, done) {
  if (known.has(name)) return done(!known.get(name), 'name is taken');
  setImmediate(() => done(true));
}

const schema = new mongoose.Schema({
  name: { type: String, validate: { isAsync: true, validator(v, done) { isFree(v, done); } } }
}, { autoIndex: false });
const User = mongoose.model('User', schema);

function handle(name) {
  new User({ name }).validate((err) => console.log(name, err ? err.errors.name.message : 'welcome'));
}

handle('ann');
handle('admin');
