import type { HostFacts } from '../host-facts.ts'
import type { Finding } from './finding.ts'
import { startChecks } from './finding.ts'
import { hasKernelModule, readTextOf } from './probe-host.ts'

/** What bridge networks, published ports and traffic to the outside need. */
export function checkNetwork(
  { kernel }: HostFacts,
  config: ReadonlyMap<string, string> | undefined,
): Finding[] {
  const checks = startChecks('network')
  const kernelPart = (name: string, module: string, option: string, cost: string): void => {
    const isThere =
      config === undefined
        ? hasKernelModule(module, kernel.release)
        : config.has(option) || hasKernelModule(module, kernel.release)
    checks.expect(name, isThere, {
      ok: config?.get(option) === 'm' ? 'in the kernel, as a module' : 'in the kernel',
      gap: `the kernel lacks it: ${cost}`,
      fix: `modprobe ${module}, or boot a kernel with CONFIG_${option}`,
    })
  }
  kernelPart('veth', 'veth', 'VETH', 'only --network none and host work')
  kernelPart('bridge', 'bridge', 'BRIDGE', 'no bridge networks')
  kernelPart('nftables', 'nf_tables', 'NF_TABLES', 'no published ports, no way to the outside')
  kernelPart('NAT', 'nft_chain_nat', 'NFT_NAT', 'no published ports, no way to the outside')
  kernelPart('vxlan', 'vxlan', 'VXLAN', 'no networks over several machines')
  checks.prefer('ip_forward', readTextOf('/proc/sys/net/ipv4/ip_forward') === '1', {
    ok: 'packets are forwarded between networks',
    gap: 'off: it is switched on when the first bridge network is made',
    fix: 'sysctl -w net.ipv4.ip_forward=1 (and in /etc/sysctl.d to keep it)',
  })
  checks.prefer('IPv6', readTextOf('/proc/sys/net/ipv6/conf/all/disable_ipv6') === '0', {
    ok: 'on',
    gap: 'off: containers get IPv4 addresses only',
    fix: 'sysctl -w net.ipv6.conf.all.disable_ipv6=0',
  })
  return checks.findings
}
