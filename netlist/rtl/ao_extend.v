// ao_extend: an element of 1, 2 or 4 bytes as 40 bits.
// Page: docs/blocks/output-stage.md, section 7.2.
module ao_extend (
    input  wire [31:0] data,
    input  wire        two_bytes,
    input  wire        four_bytes,
    input  wire        with_sign,
    output wire [39:0] wide
);
    wire [1:0] sign = {2{with_sign}} & {data[15], data[7]};
    assign wide = four_bytes ? {{8{with_sign & data[31]}}, data}
                : two_bytes ? {{24{sign[1]}}, data[15:0]} : {{32{sign[0]}}, data[7:0]};
endmodule
