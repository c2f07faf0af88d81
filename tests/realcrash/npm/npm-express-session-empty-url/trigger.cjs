'use strict';
const http = require('http');
const session = require('express-session');

const withSession = session({ secret: 'k3y', resave: false, saveUninitialized: false });

function mounted(prefix, url) {
  return url.startsWith(prefix) ? url.slice(prefix.length) : url;
}

function handle(url) {
  const req = Object.assign(new http.IncomingMessage(null), { method: 'GET', url: mounted('/shop', url) });
  withSession(req, new http.ServerResponse(req), () => {
    req.session.seen = (req.session.seen || 0) + 1;
    console.log(url, req.session.seen);
  });
}

handle('/shop/cart');
handle('/shop');
