module.exports = {
  initial: {
    ipaddress: '192.0.2.17', // documentation range
    zelid: '1SampleZelIDxxxxxxxxxxxxxxxxxxxxxx',
    kadena: 'kadena:k:sample0000000000000000000000000000000000000000000000000000000000?chainid=0',
    testnet: false,
    development: false,
    apiport: 16127,
    pgpPrivateKey: '', // filled in by FluxOS on its first start
    pgpPublicKey: '',
    blockedPorts: [],
    blockedRepositories: [],
  },
};
