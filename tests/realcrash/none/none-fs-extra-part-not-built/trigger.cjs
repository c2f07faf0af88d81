const fs = require('fs-extra')
const os = require('os')
const path = require('path')

function publish (site, target) {
  fs.ensureDirSync(target)
  for (const part of ['index.html', 'assets']) {
    fs.copySync(path.join(site, part), path.join(target, part))
  }
  return fs.readdirSync(target)
}

process.chdir(fs.mkdtempSync(path.join(os.tmpdir(), 'site-')))
fs.outputFileSync('build/index.html', '<h1>Hello</h1>')
console.log(publish('build', 'public'))
