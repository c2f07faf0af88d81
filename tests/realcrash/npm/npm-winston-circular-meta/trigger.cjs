'use strict';
const winston = require('winston');

function line(options) {
  const { user, path } = options.meta;
  return `${options.level} ${options.message} ${path || '-'} ${user ? user.name : 'nobody'}`;
}

const logger = new winston.Logger({ transports: [new winston.transports.Console({ formatter: line })] });

function handle(req) {
  logger.info('request', { path: req.path, user: req.user });
}

const ann = { name: 'Ann', teams: [] };
handle({ path: '/', user: { name: 'Bo' } });
ann.session = { owner: ann };
handle({ path: '/orders', user: ann });
