/* How a campaign paces its calls: lines for each operator, its share among others, what it never risks. */
import { Switch } from '../kit/parts.tsx'
import { useWords } from '../kit/prefs.ts'
import { mayEdit, type PartProps } from './CampaignParts.tsx'
import { NumberField } from './fields.tsx'

export function ShareFields({ editing, campaign }: PartProps) {
  const { t } = useWords()
  const settings = campaign.settings ?? {}
  const off = !mayEdit(campaign)
  return (
    <>
      {campaign.mode === 'power' && (
        <NumberField
          label={t('campaign.power_ratio')}
          hint={t('campaign.power_hint')}
          value={settings.power_ratio}
          least={1}
          most={10}
          disabled={off}
          save={(power_ratio) => editing.change({ settings: { power_ratio } })}
        />
      )}
      <NumberField
        label={t('campaign.weight')}
        hint={t('campaign.weight_hint')}
        value={settings.weight}
        least={0.1}
        most={100}
        disabled={off}
        save={(weight) => editing.change({ settings: { weight } })}
      />
    </>
  )
}

export function Guards({ editing, campaign }: PartProps) {
  const { t } = useWords()
  const settings = campaign.settings ?? {}
  const off = !mayEdit(campaign)
  return (
    <>
      <Switch
        on={settings.abandon_guard === 'half_hour'}
        set={(on) =>
          !off && editing.change({ settings: { abandon_guard: on ? 'half_hour' : 'day' } })
        }
      >
        {t('campaign.guard_half_hour')}
      </Switch>
      <Switch
        on={settings.abandon_veto ?? false}
        set={(abandon_veto) => !off && editing.change({ settings: { abandon_veto } })}
      >
        {t('campaign.veto')}
      </Switch>
    </>
  )
}
