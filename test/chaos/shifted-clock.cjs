// Loaded first by every process of a cluster under test: the clock of the day is that of the machine and what a file says,
// milliseconds. Clocks that nobody can set (performance, timers) stay as they are, as after a real change of the clock.
const { readFileSync } = require('node:fs')

const path = process.env.SHIFTED_CLOCK
const RealDate = Date
let shift = 0

function look() {
  try {
    shift = Number(readFileSync(path, 'utf8')) || 0
  } catch {
    // Not written yet, or being written.
  }
}

if (path) {
  look()
  setInterval(look, 50).unref()
  globalThis.Date = class Date extends RealDate {
    constructor(...values) {
      if (values.length === 0) super(RealDate.now() + shift)
      else super(...values)
    }
    static now() {
      return RealDate.now() + shift
    }
  }
}
