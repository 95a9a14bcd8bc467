import { expect } from 'chai';
import { capabilitySet } from '../../../../src/runtime/spec/capabilities.ts';
import { defaultSeccomp, loadSeccomp } from '../../../../src/runtime/spec/seccomp.ts';

const plain = { capabilities: capabilitySet(), arch: 'x64' };

function rowsOf(name: string, context = plain) {
  return defaultSeccomp(context).syscalls.filter(({ names }) => names.includes(name));
}

describe('the default seccomp profile', () => {
  it('answers EPERM to what it does not name', () => {
    const profile = defaultSeccomp(plain);
    expect([profile.defaultAction, profile.defaultErrnoRet]).to.deep.equal(['SCMP_ACT_ERRNO', 1]);
    for (const name of ['io_uring_setup', 'keyctl', 'kexec_load', 'mount', 'bpf', 'userfaultfd']) {
      expect(rowsOf(name), name).to.deep.equal([]);
    }
  });

  it('names no call twice in one row and none in an unconditional row and another', () => {
    const always = defaultSeccomp(plain).syscalls[0]?.names ?? [];
    expect(new Set(always).size).to.equal(always.length);
    expect(always).to.have.length.greaterThan(340);
  });

  it('opens mount and the rest with CAP_SYS_ADMIN, and clone3 turns from ENOSYS to allowed', () => {
    const admin = { ...plain, capabilities: capabilitySet(['SYS_ADMIN']) };
    expect(rowsOf('clone3')).to.deep.equal([
      { names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 },
    ]);
    expect(rowsOf('clone3', admin).map(({ action }) => action)).to.deep.equal(['SCMP_ACT_ALLOW']);
    expect(rowsOf('mount', admin)).to.have.lengthOf(1);
  });

  it('lets clone make processes but no namespaces', () => {
    expect(rowsOf('clone')[0]?.args).to.deep.equal([
      { index: 0, value: 0x7e020000, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' },
    ]);
  });

  it('keeps AF_VSOCK away', () => {
    expect(rowsOf('socket').map(({ args }) => args)).to.deep.equal([
      [{ index: 0, value: 40, op: 'SCMP_CMP_NE' }],
    ]);
  });

  it('knows the machine', () => {
    expect(rowsOf('arch_prctl')).to.have.lengthOf(1);
    expect(rowsOf('arch_prctl', { ...plain, arch: 'arm64' })).to.deep.equal([]);
    expect(defaultSeccomp({ ...plain, arch: 'arm64' }).architectures[0]).to.equal(
      'SCMP_ARCH_AARCH64',
    );
  });
});

describe('loadSeccomp', () => {
  it('keeps the rows whose capabilities and machine hold', () => {
    const profile = JSON.stringify({
      defaultAction: 'SCMP_ACT_ERRNO',
      archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }],
      syscalls: [
        { names: ['read'], action: 'SCMP_ACT_ALLOW' },
        { name: 'mount', action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_SYS_ADMIN'] } },
        { names: ['kill'], action: 'SCMP_ACT_ALLOW', excludes: { arches: ['amd64'] } },
      ],
    });
    const loaded = loadSeccomp(profile, plain);
    expect(loaded.architectures).to.deep.equal(['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86']);
    expect(loaded.syscalls.flatMap(({ names }) => names)).to.deep.equal(['read']);
  });

  it('names the file that it cannot read', () => {
    expect(() => loadSeccomp('/nowhere/profile.json', plain)).to.throw('/nowhere/profile.json');
    expect(() => loadSeccomp('{nonsense', plain)).to.throw('seccomp profile');
  });
});
