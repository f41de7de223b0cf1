import type { OutputChunk } from './attached-process.ts'

/** Bytes waiting above which the container is held back, and below which it goes on. */
const highWater = 1024 * 1024
const lowWater = 256 * 1024

/** Output between a container that writes and a caller that reads when it likes. */
export class OutputBuffer implements AsyncIterable<OutputChunk> {
  /** Called when waiting output crosses a water mark. */
  onPressure: (isFull: boolean) => void = () => undefined
  readonly #waiting: OutputChunk[] = []
  #bytes = 0
  #isFull = false
  #isEnded = false
  #wake: (() => void) | undefined

  push(chunk: OutputChunk): void {
    this.#waiting.push(chunk)
    this.#bytes += chunk.data.length
    if (!this.#isFull && this.#bytes > highWater) {
      this.#isFull = true
      this.onPressure(true)
    }
    this.#wake?.()
  }

  end(): void {
    this.#isEnded = true
    this.#wake?.()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<OutputChunk> {
    for (;;) {
      const chunk = this.#waiting.shift()
      if (chunk) {
        this.#bytes -= chunk.data.length
        if (this.#isFull && this.#bytes < lowWater) {
          this.#isFull = false
          this.onPressure(false)
        }
        yield chunk
      } else if (this.#isEnded) return
      else await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }
}
