process SEQCNN_DISCOVER {
    tag "$meta.id"
    label 'process_medium'

    conda "${moduleDir}/environment.yml"
    container "biocontainers/seqcnn:0.1.0--pyhdfd78af_0"

    input:
    tuple val(meta), path(sequences)
    tuple val(meta2), path(control)
    tuple val(meta3), path(genome)
    tuple val(meta4), path(database)

    output:
    tuple val(meta), path("${prefix}")                       , emit: results
    tuple val(meta), path("${prefix}/report.html")           , emit: report
    tuple val(meta), path("${prefix}/motifs.meme")           , emit: meme
    tuple val(meta), path("${prefix}/motifs.tsv")            , emit: motifs
    tuple val(meta), path("${prefix}/known.tsv")             , emit: known
    tuple val(meta), path("${prefix}/sites.tsv")             , emit: sites
    tuple val(meta), path("${prefix}/sites.bed")             , emit: bed, optional: true
    tuple val(meta), path("${prefix}/model")                 , emit: model, optional: true
    tuple val(meta), path("${prefix}/*_mqc.json")            , emit: multiqc
    tuple val("${task.process}"), val('seqcnn'), eval("seqcnn --version | sed 's/^seqcnn //'"), topic: versions, emit: versions_seqcnn

    when:
    task.ext.when == null || task.ext.when

    script:
    def args = task.ext.args ?: ''
    def against = control ? "--control ${control}" : ''
    def intervals = genome ? "--genome ${genome}" : ''
    def known = database ? "--db ${database}" : ''
    def device = task.accelerator ? 'gpu' : 'cpu'
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    export XDG_CACHE_HOME="\$PWD/.cache" MPLCONFIGDIR="\$PWD/.cache/matplotlib"

    seqcnn discover \\
        ${sequences} \\
        --out ${prefix} \\
        --threads ${task.cpus} \\
        --device ${device} \\
        ${against} \\
        ${intervals} \\
        ${known} \\
        ${args}
    """

    stub:
    prefix = task.ext.prefix ?: "${meta.id}"
    """
    mkdir -p ${prefix}/model
    touch ${prefix}/report.html
    touch ${prefix}/motifs.meme
    touch ${prefix}/motifs.tsv
    touch ${prefix}/known.tsv
    touch ${prefix}/sites.tsv
    touch ${prefix}/run.json
    touch ${prefix}/seqcnn_mqc.json
    touch ${prefix}/seqcnn_statistics_mqc.json
    touch ${prefix}/model/config.json
    """
}
