// What a person does first with Google's own clients for Node. It runs in the
// environment that `nightwire env` prints, and writes what it saw as JSON.
import {BigQuery} from '@google-cloud/bigquery'
import {PubSub} from '@google-cloud/pubsub'
import {Storage} from '@google-cloud/storage'

const project = process.env.GOOGLE_CLOUD_PROJECT

async function publishAndReceive() {
  const client = new PubSub({projectId: project})
  const [topic] = await client.createTopic('letters')
  const [subscription] = await topic.createSubscription('readers')
  const received = new Promise((resolve, reject) => {
    subscription.on('error', reject)
    subscription.on('message', message => {
      message.ack()
      resolve(message)
    })
  })
  const id = await topic.publishMessage({data: Buffer.from('clear skies'), attributes: {band: 'r'}})
  const message = await received
  await subscription.close()
  await subscription.delete()
  await topic.delete()
  await client.close()
  return {text: message.data.toString(), band: message.attributes.band, sameId: message.id === id}
}

async function uploadAndDownload() {
  const bucket = new Storage({projectId: project}).bucket(`${project}-ztf-products`)
  const note = bucket.file('node/note.txt')
  await note.save('seeing 0.8', {resumable: false, metadata: {metadata: {site: 'Palomar'}}})
  await bucket.file('node/frame.bin').save(Buffer.alloc(3 << 20, 7), {resumable: true})
  const again = await note.save('other', {resumable: false, preconditionOpts: {ifGenerationMatch: 0}}).catch(error => error.code)
  const [text] = await note.download()
  const [part] = await bucket.file('node/frame.bin').download({start: 10, end: 19})
  const [files] = await bucket.getFiles({prefix: 'node/'})
  const [metadata] = await note.getMetadata()
  await note.delete()
  const [exists] = await note.exists()
  return {
    text: text.toString(), part: part.length, files: files.map(file => `${file.name} ${file.metadata.size}`),
    site: metadata.metadata.site, again, exists,
  }
}

async function query() {
  const client = new BigQuery({projectId: project})
  const [rows] = await client.query({
    query: 'SELECT COUNT(*) AS alerts, CAST(MIN(candid) AS STRING) AS first, @twice * 2 AS four FROM ztf.alerts WHERE candidate.magpsf < @limit',
    params: {twice: 2, limit: 99.5},
  })
  const [tables] = await client.dataset('ztf').getTables()
  const archived = new Storage({projectId: project}).bucket(`${project}-ztf-alerts`).file('v*')
  const [job] = await client.dataset('ztf').table('archived').load(archived, {format: 'AVRO'})
  return {...rows[0], hasAlerts: tables.some(table => table.id === 'alerts'), loaded: Number(job.statistics.load.outputRows)}
}

console.log(JSON.stringify({pubsub: await publishAndReceive(), storage: await uploadAndDownload(), bigquery: await query()}))
process.exit(0)
