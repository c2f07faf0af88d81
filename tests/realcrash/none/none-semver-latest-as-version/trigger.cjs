const semver = require('semver')

function newest (releases) {
  return [...releases].sort(semver.rcompare)[0]
}

function handle (body) {
  const { releases } = JSON.parse(body)
  return { newest: newest(releases), major: semver.major(newest(releases)) }
}

console.log(handle('{"releases": ["1.2.3", "1.10.0", "1.9.9"]}'))
console.log(handle('{"releases": ["1.2.3", "latest", "1.9.9"]}'))
