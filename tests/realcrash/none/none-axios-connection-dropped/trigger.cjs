const axios = require('axios')
const http = require('http')

async function stock (base, sku) {
  const answer = await axios.get(`${base}/stock/${sku}`)
  return answer.data.quantity
}

// the warehouse takes the connection and drops it before it answers
const warehouse = http.createServer((request) => request.socket.destroy())
warehouse.listen(0, '127.0.0.1', async () => {
  warehouse.unref()
  const left = await stock(`http://127.0.0.1:${warehouse.address().port}`, 'A-17')
  console.log(left)
})
