module.exports = {
  tier_eps_min: '640',
  zelflux_update: '1',
  zelcash_update: '1',
  zelbench_update: '1',
  action: '1',
  web_hook_url: 'https://hooks.example.com/services/sample',
  telegram_alert: '0',
};
