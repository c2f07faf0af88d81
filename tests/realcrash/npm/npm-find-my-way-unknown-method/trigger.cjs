'use strict';
const router = require('find-my-way')({
  defaultRoute(req, res) { res.status = 404; }
});

router.on('GET', '/orders', (req, res) => { res.status = 200; });
router.on('POST', '/orders', (req, res) => { res.status = 201; });

function dispatch(message) {
  const res = {};
  router.lookup({ method: message.verb.toUpperCase(), url: message.path }, res);
  return res.status;
}

function handle(line) {
  const [verb, path] = line.split(' ');
  console.log(line, dispatch({ verb, path }));
}

handle('get /orders?page=2');
handle('put /orders');
handle('list /orders');
