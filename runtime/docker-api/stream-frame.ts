// How docker tells standard output from standard error on one connection: eight bytes before each piece,
// the stream's number, three zeros, and the length, highest byte first.

const streamNumbers = { stdin: 0, stdout: 1, stderr: 2 } as const

export function streamFrame(stream: keyof typeof streamNumbers, data: Uint8Array): Buffer {
  const frame = Buffer.alloc(8 + data.length)
  frame.writeUInt8(streamNumbers[stream], 0)
  frame.writeUInt32BE(data.length, 4)
  frame.set(data, 8)
  return frame
}

/** Of output without frames, as a terminal's, and with them. */
export const rawStreamType = 'application/vnd.docker.raw-stream'
export const framedStreamType = 'application/vnd.docker.multiplexed-stream'
