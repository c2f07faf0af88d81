const got = require('got')
const http = require('http')

async function rates (base) {
  const answer = await got(`${base}/rates`, { responseType: 'json', retry: 0 })
  return answer.body.rates
}

// the provider's gateway says that nobody is behind it
const provider = http.createServer((request, response) => {
  response.writeHead(503, { 'content-type': 'text/html', connection: 'close' })
  response.end('<h1>503 Service Unavailable</h1>')
})
provider.listen(0, '127.0.0.1', async () => {
  provider.unref()
  console.log(await rates(`http://127.0.0.1:${provider.address().port}`))
})
