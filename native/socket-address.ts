export const AF_INET = 2
export const AF_INET6 = 10

/**
 * struct sockaddr_in of ip(7), or sockaddr_in6 of ipv6(7).
 *
 * @param address 4 or 16 bytes
 */
export function socketAddress(address: Uint8Array, port: number): Uint8Array {
  const isIpv4 = address.length === 4
  const bytes = new Uint8Array(isIpv4 ? 16 : 28)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, isIpv4 ? AF_INET : AF_INET6, true)
  view.setUint16(2, port, false)
  bytes.set(address, isIpv4 ? 4 : 8)
  return bytes
}
