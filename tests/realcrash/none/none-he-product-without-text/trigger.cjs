const he = require('he')

function card (product) {
  return `<h2>${he.escape(product.name)}</h2><p>${he.escape(product.description)}</p>`
}

function handle (rows) {
  return rows.map(card).join('\n')
}

console.log(handle([{ name: 'Lamp & shade', description: 'Warm <light>' }]))
console.log(handle([{ name: 'Chair', description: null }]))
