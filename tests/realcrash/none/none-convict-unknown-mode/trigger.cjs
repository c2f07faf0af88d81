const convict = require('convict')

function settings (env) {
  const config = convict({
    host: { format: String, default: '0.0.0.0', env: 'SHOP_HOST' },
    port: { format: 'port', default: 8080, env: 'SHOP_PORT' },
    mode: { format: ['live', 'test'], default: 'test', env: 'SHOP_MODE' }
  }, { env, args: [] })
  config.validate({ allowed: 'strict' })
  return config.getProperties()
}

console.log(settings({ SHOP_PORT: '8081' }))
console.log(settings({ SHOP_PORT: '8081', SHOP_MODE: 'production' }))
