import { expect } from 'chai';
import { isAppError } from '../../../../src/core/index.ts';
import { capabilitySet } from '../../../../src/runtime/spec/capabilities.ts';

describe('capabilitySet', () => {
  it('gives Docker’s fourteen where nothing is asked for', () => {
    expect(capabilitySet()).to.have.lengthOf(14).and.include('CAP_NET_BIND_SERVICE');
  });

  it('adds and drops by name, with or without CAP_, in any case', () => {
    const set = capabilitySet(['net_admin', 'CAP_SYS_TIME'], ['Chown']);
    expect(set).to.include.members(['CAP_NET_ADMIN', 'CAP_SYS_TIME']).and.not.include('CAP_CHOWN');
  });

  it('keeps what is added beside drop: ALL, and drops from add: ALL', () => {
    expect(capabilitySet(['KILL'], ['ALL'])).to.deep.equal(['CAP_KILL']);
    expect(capabilitySet(['ALL'], ['SYS_ADMIN'])).to.have.lengthOf(40);
  });

  it('gives everything to a privileged container', () => {
    expect(capabilitySet([], ['ALL'], true)).to.have.lengthOf(41);
  });

  it('refuses a name that no kernel has', () => {
    expect(() => capabilitySet(['NOPE'])).to.throw('unknown capability "NOPE"');
    try {
      capabilitySet([], ['NOPE']);
    } catch (error) {
      expect(isAppError(error, 'RUNTIME_SPEC_INVALID')).to.equal(true);
    }
  });
});
