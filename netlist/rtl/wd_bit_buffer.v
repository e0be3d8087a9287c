// wd_bit_buffer: the bit buffer of the weight decoder after a clock; the registers bits and count stand in weight_decoder.
// Page: docs/blocks/weight-decoder.md: "consume" and "Fill".
module wd_bit_buffer (
    input  wire [255:0] bits,
    input  wire [8:0]   count,
    input  wire [8:0]   drop,       // bits of the step
    input  wire         consume,    // they are consumed: never more than count
    input  wire         can_fill,   // a beat is there and wanted
    input  wire [63:0]  stream_data,
    output wire [255:0] bits_next,
    output wire [8:0]   count_next,
    output wire         take        // the beat goes in
);
    wire [255:0] past = drop[8] ? 256'd0 : bits >> drop[7:0];
    wire [255:0] rest = consume ? past : bits;
    wire [8:0]   left = consume ? count - drop : count;

    assign take       = can_fill & (left <= 9'd192);
    assign count_next = left + {2'd0, take, 6'd0};

    wire [1:0]   word = left[7:6];
    wire [5:0]   s    = left[5:0];
    wire [127:0] wide = {64'd0, stream_data} << s;   // low half: above s in word i; high half: below s in word i + 1
    wire [63:0]  keep = ~(~64'd0 << s);              // ones below s

    wire [63:0] here [0:3];
    genvar i;
    generate
        for (i = 0; i < 4; i = i + 1) begin : place
            wire [63:0] old   = rest[64*i +: 64];
            wire        first = take & (word == i);
            assign here[i] = (old & keep) | wide[63:0];
            if (i == 0) begin : lowest
                assign bits_next[64*i +: 64] = first ? here[i] : old;
            end else begin : other
                wire second = take & (word == i - 1) & |s;
                assign bits_next[64*i +: 64] = first ? here[i] : second ? wide[127:64] : old;
            end
        end
    endgenerate
endmodule
